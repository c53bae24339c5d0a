# What `starship init bash` does: one function for PROMPT_COMMAND, which runs what stood there and sets PS1 anew each
# time, and a DEBUG trap that times the first command behind it. It shows the profile by itself.
export STARSHIP_SHELL=bash
starship_ready=false
starship_timed=''

starship_status_is() { return "${1:-0}"; }

starship_preexec() {
    if [[ "$starship_ready" == true ]]; then
        starship_ready=false
        starship_timed+="$BASH_COMMAND;"
    fi
}

starship_precmd() {
    starship_status=$?
    starship_status_is "$starship_status"
    eval "${starship_preserved-}"
    PS1="${AWS_VAULT:+($AWS_VAULT) }[$starship_status] RDY> "
    starship_ready=true
}

if [[ "${PROMPT_COMMAND-}" != *starship_precmd* ]]; then
    starship_preserved="${PROMPT_COMMAND-}"
    PROMPT_COMMAND=starship_precmd
fi
trap 'starship_preexec "$_"' DEBUG
