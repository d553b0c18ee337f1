"""What an auditor would ask of the whole repository: coded rules, each with its reason and its cure."""
