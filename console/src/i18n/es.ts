export { default } from './es.json';
