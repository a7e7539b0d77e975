module jupyter_goleak/rewrite

go 1.23
