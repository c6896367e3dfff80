"""Pictures that customers send and models make.

A file is put into a store (a folder, or a bucket of an S3 server) before the row that names it is written, and its row
is deleted before it is: what no row names is swept away later, and no row ever names what was not kept. Older versions
kept files in their rows; `move` carries them over.
"""
