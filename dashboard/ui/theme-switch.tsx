import { useState } from 'react';
import { applyTheme, storedTheme, THEMES, type Theme } from '../session/theme.ts';

const WORDS = { system: 'System', light: 'Light', dark: 'Dark' } as const satisfies Record<Theme, string>;

export function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  return (
    <div className="theme-switch" role="radiogroup" aria-label="Theme">
      {THEMES.map((choice) => (
        <label key={choice}>
          <input
            type="radio"
            name="theme"
            value={choice}
            checked={theme === choice}
            onChange={() => {
              applyTheme(choice);
              setTheme(choice);
            }}
          />
          {WORDS[choice]}
        </label>
      ))}
    </div>
  );
}
