"""What a session leaves: report files, baselines, history."""
