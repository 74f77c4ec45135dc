"""The form of requests and answers: bounds, problem details, signatures."""
