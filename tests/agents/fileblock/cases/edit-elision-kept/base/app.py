# ... rest of the code unchanged
x = 1
