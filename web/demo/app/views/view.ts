export interface View {
  element: HTMLElement;
  update(): void;
}
