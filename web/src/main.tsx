import { effect, untracked } from '@preact/signals';
import { render } from 'preact';

import { App } from './components/App';
import { followAddress, route } from './route';
import { dressDocument, keyState, me, start } from './state/app';
import { load } from './state/sessions';
import { open } from './state/talk';
import './style/base.css';
import './style/layout.css';
import './style/talk.css';
import './style/watch.css';

dressDocument();
followAddress();
void start();

// Once the server has said who we are, the address says what is shown.
effect(() => {
  if (me.value && keyState.value === 'fine') untracked(() => void load());
});
effect(() => {
  const { id } = route.value;
  if (me.value && keyState.value === 'fine') untracked(() => void open(id));
});

render(<App />, document.getElementById('page')!);
