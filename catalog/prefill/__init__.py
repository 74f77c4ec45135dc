"""What items need of one applicant, judged from declarations and a view of the parties: pure, without a database."""
