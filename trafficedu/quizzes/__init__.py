"""The quiz of a study: questions with versions, what is drawn for a rider, what was answered, how questions do."""
