# The hook and `vault setup` in the PowerShell that runs this, with `vault` from PATH: for Windows, where the other tests
# have no terminal to type at. Everything is written below a directory of its own.
$ErrorActionPreference = 'Continue'
Set-StrictMode -Version Latest

function Check($what, $holds) {
    if (-not $holds) { throw "failed: $what" }
    "ok: $what"
}

$here = Join-Path ([IO.Path]::GetTempPath()) ([Guid]::NewGuid())
$null = New-Item -ItemType Directory -Path $here
$env:XDG_DATA_HOME = "$here/data"
$env:XDG_CACHE_HOME = "$here/cache"
$env:AWS_CONFIG_FILE = "$here/config"
$env:AWS_SHARED_CREDENTIALS_FILE = "$here/credentials"
$env:SHELLINT_BACKEND = 'file'
$env:SHELLINT_FILE_PASSPHRASE = 'correct horse battery staple'
$env:SHELLINT_NO_INPUT = '1'

Invoke-Expression (& vault hook powershell | Out-String)
Check 'vault is the hook''s' ((Get-Command vault).CommandType -ne 'Application')
Check 'there is nothing to show yet' (-not (vault_prompt_info))
$version = vault --version
Check 'the program is called' ($? -and $LASTEXITCODE -eq 0 -and "$version" -like 'vault *')

'{"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}' |
    vault add dev --stdin
Check 'a pipeline reaches it' ($LASTEXITCODE -eq 0)
$row = vault list --json | ConvertFrom-Json
Check 'a key is stored' ($row.profile -eq 'dev' -and $row.has_key)

vault use nosuch
Check 'a failure is one' (-not $? -and $LASTEXITCODE -eq 1)
Check 'nothing was loaded' ($null -eq [Environment]::GetEnvironmentVariable('AWS_VAULT'))
vault status | Out-Null
Check 'nothing is loaded' ($null -eq [Environment]::GetEnvironmentVariable('AWS_ACCESS_KEY_ID'))

$file = $PROFILE.CurrentUserAllHosts
$before = if (Test-Path $file) { [IO.File]::ReadAllText($file) } else { $null }
vault setup powershell --yes
Check 'setup writes the profile' ($LASTEXITCODE -eq 0 -and [IO.File]::ReadAllText($file) -like '*shellint hook powershell*')
$shell = (Get-Process -Id $PID).Path
$said = & $shell -NoLogo -Command '[string](Get-Command vault).CommandType; vault --version'
Check 'a new shell has the hook, and says nothing else' ("$said" -match '^(Alias|Function) vault [0-9.]+')
vault setup powershell --undo
$after = if (Test-Path $file) { [IO.File]::ReadAllText($file) } else { $null }
Check 'undo puts back what was there' ($LASTEXITCODE -eq 0 -and $before -ceq $after)
Remove-Item -Recurse -Force -LiteralPath $here
exit 0
