"""The wrap-up quizzes: one module of questions a lesson."""
