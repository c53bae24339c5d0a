# What `starship init fish` does: a fish_prompt of its own.
set -gx STARSHIP_SHELL fish

function starship_preexec --on-event fish_preexec
    set -g starship_timed "$starship_timed$argv;"
end

function fish_prompt
    set -l starship_status $status
    if set -q AWS_VAULT
        printf '(%s) ' $AWS_VAULT
    end
    printf '[%s] RDY> ' $starship_status
end
