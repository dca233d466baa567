"""A sample office and the people and machines around it. They use public URLs only, like the real ones."""
