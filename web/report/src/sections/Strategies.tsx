import { useMemo, useState } from 'preact/hooks';

import { Chart } from '../charts/Chart';
import { drawPreference } from '../charts/more';
import { distinct, type Report, type Strategy } from '../data';
import { isNumber, languageName, number } from '../format';
import { Card, Choice, Figures, Reasons, Section, Wide } from '../parts';

export function Strategies({ report }: { report: Report }) {
  const languages = distinct(report.strategies.map(({ language }) => language));
  const [language, setLanguage] = useState(languages[0]!);
  const shown = report.strategies.filter((each) => each.language === language);
  const most = Math.max(1, ...shown.flatMap(({ preference }) => preference).filter(isNumber)) * 1.12;
  const worst = Math.max(0, ...shown.map(({ bias }) => bias).filter(isNumber));
  return (
    <Section
      id="strategies"
      title="Strategies"
      lead="Whether a method leans towards some ways of helping. At 1 it takes a strategy as readily as any other; bias is how far all of them stray from 1, so 0 is even-handed."
    >
      <Choice
        name="strategy-language"
        label="Language"
        options={languages}
        chosen={language}
        onChoose={setLanguage}
      />
      <ul class="biases" aria-label="Bias of each method">
        {shown.map(({ method, bias, macro_f1 }) => (
          <li>
            <span>{method}</span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              <rect class="bias-track" width="100" height="10" />
              <rect class="bias-bar" width={worst > 0 ? (100 * (bias ?? 0)) / worst : 0} height="10" />
            </svg>
            <span class="num">
              bias {number(bias, 2)}
              <span class="quiet"> · macro F1 {number(macro_f1, 2)}</span>
            </span>
          </li>
        ))}
      </ul>
      <div class="cards cards-three">
        {shown.map((strategy) => (
          <Preference key={`${strategy.method} ${language}`} strategy={strategy} most={most} />
        ))}
      </div>
      <Figures>
        <Wide label="Preferences">
          <table>
            <thead>
              <tr>
                <th scope="col">Strategy</th>
                {shown.map(({ method }) => (
                  <th scope="col" class="num">
                    {method}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {distinct(shown.flatMap(({ labels }) => labels)).map((label) => (
                <tr>
                  <th scope="row">{label}</th>
                  {shown.map(({ labels, preference }) => (
                    <td class="num">{number(preference[labels.indexOf(label)], 2)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      </Figures>
      <Reasons of={shown} />
    </Section>
  );
}

function Preference({ strategy, most }: { strategy: Strategy; most: number }) {
  const draw = useMemo(() => (width: number) => drawPreference(strategy, most, width), []);
  const each = strategy.labels.map((label, i) => `${label} ${number(strategy.preference[i], 2)}`).join(', ');
  return (
    <Card title={strategy.method}>
      <Chart
        draw={draw}
        summary={`Preferences of ${strategy.method}, ${languageName(strategy.language)}: ${each}.`}
      />
    </Card>
  );
}
