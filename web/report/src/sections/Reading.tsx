import type { Report } from '../data';
import { Section } from '../parts';

export function Reading({ report }: { report: Report }) {
  const judged = report.metrics.some(({ group }) => group === 'judge') || (report.judges ?? []).length > 0;
  const baseline = report.baseline ?? 'the baseline';
  return (
    <Section id="reading" title="How to read this">
      <div class="reading">
        <p>
          <b>Intervals.</b> Each is where the mean would plausibly lie, had other talks of the same kind been
          drawn. Turns of one talk resemble each other, so whole talks are drawn, not turns. Two intervals
          that overlap may still hide a real difference: look at the difference itself, under “Against{' '}
          {baseline}”.
        </p>
        <p>
          <b>Many comparisons.</b> Of twenty comparisons without any difference behind them, one comes out
          below 0.05 by chance. Holm’s correction makes up for that. Only what stands after it is called clear
          here; the plain p is in the tables.
        </p>
        <p>
          <b>No clear difference</b> does not mean that two are equal. With few talks only large differences
          can be seen. A dash means that there were too few for any statistic, and no figure is better than a
          bad one.
        </p>
        <p>
          <b>Size.</b> A difference can be clear and too small to matter. The effect is the mean difference in
          units of its own spread; about 0.2 is small, 0.8 large. “At equal length” asks what remains of a
          difference between replies that are equally long.
        </p>
        <p>
          <b>Overlap with the recorded reply</b> (chrF, BLEU, ROUGE) counts shared words. A good reply may
          share none with the one recorded; take these figures for a check that nothing broke, not for
          quality.
        </p>
        {judged && (
          <p>
            <b>Judges are language models.</b> They tend to like long replies, replies in their own manner,
            and what stands first. One that was not checked against people’s ratings says how it votes, not
            how good a reply is.
          </p>
        )}
        <p>
          <b>What is not here.</b> No figure on this page says that a method helps people. That takes people,
          care, and a study.
        </p>
      </div>
    </Section>
  );
}
