"""Deadlines: a heap of them, and the actor that hands each message back when due."""
