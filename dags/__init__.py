"""When things run: thin DAG factories made from the declarations. Nobody imports this but Airflow and the command."""
