import { useEffect, useState } from 'react';

/** A number that changes whenever the colours do: a canvas has to be told, unlike CSS. */
export function useThemeVersion(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const changed = () => setVersion((before) => before + 1);
    const system = window.matchMedia('(prefers-color-scheme: dark)');
    const observer = new MutationObserver(changed);
    system.addEventListener('change', changed);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      system.removeEventListener('change', changed);
      observer.disconnect();
    };
  }, []);
  return version;
}
