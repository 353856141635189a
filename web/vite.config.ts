import { defineConfig } from 'vite';

// One js and one css with hashes in their names; no inlined pieces, since the server's
// Content-Security-Policy allows neither inline scripts nor inline styles.
export default defineConfig({
  base: '/',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    target: 'es2021',
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        entryFileNames: 'assets/page-[hash].js',
        assetFileNames: 'assets/page-[hash][extname]',
        inlineDynamicImports: true,
      },
    },
  },
  // `npm run dev` talks to a server that runs beside it: the mock, or `emostage serve`.
  server: { proxy: { '/api': process.env.EMOSTAGE_URL ?? 'http://127.0.0.1:8080' } },
});
