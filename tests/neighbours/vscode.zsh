# What VS Code's shell integration does in zsh: PS1 is wrapped in marks for the terminal at each prompt and put back
# before each command.
autoload -Uz add-zsh-hook
vsc_running=1

vsc_precmd() {
    local vsc_status=$?
    printf '\e]633;D;%s\a' "$vsc_status"
    if [[ -n "$vsc_running" ]]; then
        vsc_prior="$PS1" vsc_running=''
        PS1="%{$(printf '\e]633;A\a')%}$PS1%{$(printf '\e]633;B\a')%}"
    fi
}

vsc_preexec() {
    PS1="$vsc_prior"
    vsc_running=1
    printf '\e]633;E;%s\a\e]633;C\a' "$1"
}

add-zsh-hook precmd vsc_precmd
add-zsh-hook preexec vsc_preexec
