import { useSearchParams } from 'react-router';

/** What is chosen, kept in the address: it can be sent to somebody, and comes back with the page. Empty is left out. */
export function useUrlState(name: string): [value: string, set: (value: string) => void] {
  const [parameters, setParameters] = useSearchParams();
  const set = (value: string) =>
    setParameters(
      (now) => {
        const next = new URLSearchParams(now);
        if (value === '') next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  return [parameters.get(name) ?? '', set];
}
