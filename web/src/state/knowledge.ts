import { effect, signal } from '@preact/signals';

import * as api from '../api';
import type { Method, Model, Named, Scheme } from '../wire';
import { language } from '../words';
import { me, noteKeyTrouble } from './app';

// What the server knows: methods, models, and the names of things in the interface's language.

export const methods = signal<Method[]>([]);
export const models = signal<Model[]>([]);
export const schemes = signal<Scheme[]>([]);
const emotions = signal<Map<string, string>>(new Map());
const needs = signal<Map<string, string>>(new Map());

const mapOf = (list: Named[]) => new Map(list.map(({ id, name }) => [id, name]));

// Where a name is missing, its id says it well enough.
export const emotionName = (id: string): string => emotions.value.get(id) ?? id;
export const needName = (id: string): string => needs.value.get(id) ?? id;
export const schemeTitle = (id: string): string =>
  schemes.value.find((each) => each.id === id)?.title ?? id;
export function phaseName(scheme: string, id: string): string {
  const phases = schemes.value.find((each) => each.id === scheme)?.phases;
  return phases?.find((each) => each.id === id)?.name ?? id;
}

// Asks now and whenever the language changes. Names that do not come are no reason to complain.
export function keepKnowledge(): () => void {
  return effect(() => {
    const wanted = language.value;
    if (me.value) void fetchAll(wanted).catch(noteKeyTrouble);
  });
}

async function fetchAll(wanted: string): Promise<void> {
  const [methodList, modelList, schemeList, vocabulary] = await Promise.all([
    api.listMethods(),
    api.listModels(),
    api.listSchemes(wanted),
    api.vocabulary(wanted),
  ]);
  if (wanted !== language.value) return;
  methods.value = methodList.methods;
  models.value = modelList.models;
  schemes.value = schemeList.schemes;
  emotions.value = mapOf(vocabulary.emotions);
  needs.value = mapOf(vocabulary.needs);
}
