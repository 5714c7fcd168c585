export interface Message {}
