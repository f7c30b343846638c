"""The Home tab of the app: what each person is shown there, published when they open it and after what they do."""
