import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  root: here,
  base: '/',
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL('../dist/dashboard', import.meta.url)),
    emptyOutDir: true,
    // The content security policy allows files of this origin only, no data: URLs.
    assetsInlineLimit: 0,
  },
  server: {
    // `vite dashboard` beside a running `npm start`: requests of the API are forwarded to its port.
    proxy: { '/api': { target: 'http://127.0.0.1:8080', ws: true } },
  },
});
