import { createHash } from 'node:crypto';
import { defineConfig, type Plugin } from 'vite';

// The report of an evaluation: one html with everything inside, so that it opens from a disk, in an
// e-mail, in ten years. Its policy allows the one script that is in it and no request at all.
export default defineConfig({
  root: 'report',
  publicDir: false,
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    target: 'es2021',
    outDir: '../dist-report',
    emptyOutDir: true,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    rollupOptions: { input: 'report/report.html', output: { format: 'iife' } },
  },
  plugins: [oneFile()],
});

function oneFile(): Plugin {
  return {
    name: 'one-file',
    enforce: 'post',
    generateBundle(_, bundle) {
      let script = '';
      let style = '';
      for (const [name, part] of Object.entries(bundle)) {
        if (part.type === 'chunk') script += part.code;
        else if (name.endsWith('.css')) style += part.source;
        else continue;
        delete bundle[name];
      }
      const page = bundle['report.html'];
      if (page?.type !== 'asset') throw new Error('report.html was not built');
      // What would end the script early, or open a comment in it, may stand in one of its strings.
      script = script.trim().replaceAll('</script', '<\\/script').replaceAll('<!--', '\\x3c!--');
      const hash = createHash('sha256').update(script).digest('base64');
      const policy =
        `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; ` +
        `img-src data:; base-uri 'none'; form-action 'none'`;
      // Functions, since '$' in a text to put in would mean something.
      page.source = String(page.source)
        .replace(/\s*<script type="module"[^>]*><\/script>/, '')
        .replace(/\s*<link rel="stylesheet"[^>]*>/, () => `\n    <style>${style.trim()}</style>`)
        .replace(
          /(<meta charset="utf-8" ?\/?>)/,
          (charset) => `${charset}\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`,
        )
        .replace('</body>', () => `<script>${script}</script>\n  </body>`);
    },
  };
}
