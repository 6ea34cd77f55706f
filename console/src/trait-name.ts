/* What a trait is called: the label somebody gave it, else our word for a trait of Segment's own list, else
 * its name. */
import type { Text } from './api-types.js';
import { pick, t } from './i18n.js';

const OURS = ['name', 'firstName', 'lastName', 'email', 'phone', 'address', 'language', 'birthday', 'company',
  'age', 'gender', 'title', 'website', 'username', 'createdAt', 'plan'] as const;

export function traitName(name: string, label?: Text): string {
  const given = label ? pick(label) : '';
  if (given && given !== name) return given;
  const known = OURS.find((n) => n === name);
  return known ? t(`trait_name.${known}`) : name;
}
