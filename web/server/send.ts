export { sendAnswer as send } from 'holdfast/server';
