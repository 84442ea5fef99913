"""The Gradio page: `page.py` composes it, a file a tab."""
