"""Model compression: quantization, pruning, distillation."""
