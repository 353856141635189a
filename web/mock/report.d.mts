// For the tests, which are TypeScript.
type Make = () => unknown;
export const kReports: { plain: Make; nasty: Make; small: Make; compare: Make };
export function pageOf(template: string, report: unknown): string;
