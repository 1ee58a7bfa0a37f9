"""Health of a model: ablated components, depth, diagnosis of training problems."""
