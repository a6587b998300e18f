# Made by 'agtop completions' for the same version of agtop.
set edit:completion:arg-completer[agtop] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) AGTOP_COMPLETE="elvish" agtop -- $@words) | to-lines
}
