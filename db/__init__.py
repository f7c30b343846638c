"""The memory: vocabulary, tables and questions."""
