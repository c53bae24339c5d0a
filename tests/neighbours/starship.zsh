# What `starship init zsh` does: a prompt that is a substitution, precmd and preexec functions behind all others.
export STARSHIP_SHELL=zsh

starship_precmd() {
    starship_status=$?
}

starship_preexec() {
    starship_timed+="$1;"
}

precmd_functions+=(starship_precmd)
preexec_functions+=(starship_preexec)
setopt promptsubst
PROMPT='${AWS_VAULT:+($AWS_VAULT) }[$starship_status] RDY> '
