"""Where the files of archived events are: a folder, or a bucket of an S3-compatible store."""
