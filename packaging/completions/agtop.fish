# Made by 'agtop completions' for the same version of agtop.
complete --keep-order --exclusive --command agtop --arguments "(AGTOP_COMPLETE=fish agtop -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
