# What VS Code's shell integration does in bash: it takes the (first) prompt command's place and runs it, wraps PS1 in
# marks for the terminal whenever somebody else has set it, and marks the start of a command from a DEBUG trap.
# The names in PROMPT_COMMAND are its own.
vsc_wrapped=''
vsc_running=1

vsc_status_is() { return "$1"; }

vsc_precmd() {
    printf '\e]633;D;%s\a' "$vsc_status"
    if [[ "$vsc_running" == 1 ]]; then
        if [[ -z "$vsc_wrapped" || "$vsc_wrapped" != "$PS1" ]]; then
            vsc_wrapped="\\[$(printf '\e]633;A\a')\\]$PS1\\[$(printf '\e]633;B\a')\\]"
            PS1="$vsc_wrapped"
        fi
        vsc_running=0
    fi
}

vsc_preexec() {
    if [[ "$vsc_running" == 0 ]]; then
        vsc_running=1
        printf '\e]633;E;%s\a\e]633;C\a' "$BASH_COMMAND"
    fi
}

__vsc_prompt_cmd_original() {
    vsc_status=$?
    local command
    vsc_status_is "$vsc_status"
    for command in "${__vsc_original_prompt_command[@]}"; do
        eval "$command"
    done
    vsc_precmd
}

trap 'vsc_preexec "$_"' DEBUG
__vsc_original_prompt_command=${PROMPT_COMMAND-}
PROMPT_COMMAND=__vsc_prompt_cmd_original
