# What VS Code's shell integration does in fish: at the first prompt it wraps fish_prompt in marks for the terminal.
function vsc_preserve --on-event fish_prompt
    functions -e vsc_preserve
    functions -c fish_prompt vsc_prompt
    function fish_prompt
        printf '\e]633;A\a'
        vsc_prompt
        printf '\e]633;B\a'
    end
end

function vsc_preexec --on-event fish_preexec
    printf '\e]633;E;%s\a\e]633;C\a' "$argv"
end

function vsc_postexec --on-event fish_postexec
    printf '\e]633;D;%s\a' $status
end
