# The mechanism of bash-preexec (https://github.com/rcaloras/bash-preexec), no more: a DEBUG trap runs preexec_functions
# once before a typed line, and PROMPT_COMMAND, put around what was there at the first prompt, runs precmd_functions.
bash_preexec_imported="defined"
precmd_functions=() preexec_functions=()
__bp_interactive=""
__bp_inside=0

__bp_set_ret_value() {
    return "$1"
}

__bp_run_precmd() {
    local __bp_ret="$?" each
    for each in "${precmd_functions[@]}"; do
        if type -t "$each" >/dev/null; then
            __bp_set_ret_value "$__bp_ret"
            "$each"
        fi
    done
    __bp_set_ret_value "$__bp_ret"
}

# Whatever runs after this, in no function, is a typed line.
__bp_interactive_mode() {
    if (( ${#FUNCNAME[*]} > 1 )); then return 0; fi
    __bp_interactive="on"
}

__bp_in_prompt_command() {
    local IFS=$'\n;' each
    for each in ${PROMPT_COMMAND[*]}; do
        each="${each#"${each%%[![:space:]]*}"}"
        each="${each%"${each##*[![:space:]]}"}"
        if [[ $each == "$1" ]]; then return 0; fi
    done
    return 1
}

__bp_debug() {
    if (( __bp_inside > 0 )); then return; fi
    local __bp_inside=1 each line
    if [[ ! -t 1 || -n "${COMP_POINT:-}${READLINE_POINT:-}" || -z $__bp_interactive ]]; then return; fi
    if (( BASH_SUBSHELL == 0 )); then __bp_interactive=""; fi
    if __bp_in_prompt_command "$BASH_COMMAND"; then
        __bp_interactive=""
        return
    fi
    line="$(HISTTIMEFORMAT='' builtin history 1)"
    line="${line#*[[:digit:]][* ] }"
    for each in "${preexec_functions[@]}"; do
        if type -t "$each" >/dev/null; then "$each" "$line"; fi
    done
}

__bp_install() {
    local existing IFS=$'\n'
    existing="${PROMPT_COMMAND[*]}"
    IFS=$' \t\n'
    existing="${existing//__bp_install/:}"
    trap __bp_debug DEBUG
    unset PROMPT_COMMAND
    PROMPT_COMMAND=$'__bp_run_precmd\n'"$existing"
    if (( BASH_VERSINFO[0] > 5 || (BASH_VERSINFO[0] == 5 && BASH_VERSINFO[1] >= 1) )); then
        PROMPT_COMMAND+=("__bp_interactive_mode")
    else
        PROMPT_COMMAND+=$'\n__bp_interactive_mode'
    fi
    precmd_functions+=(precmd)
    preexec_functions+=(preexec)
    __bp_interactive="on"
}
declare -ft __bp_install

PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}__bp_install"
