"""What a model lacks or suffers from: parts taken out, depth, diagnosis."""
