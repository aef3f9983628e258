"""The words of the quiz, what is drawn, what is right, how questions are written down."""
