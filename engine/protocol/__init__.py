"""Action protocols as data: what each defender agreed, executed step by step."""
