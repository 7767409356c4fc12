# Installs opencode-auth for the person who runs this, without administrator's rights, and changes no configuration
# that is there. For Windows PowerShell 5.1 and later.
#
# The lines before these say what and from where: $GATEWAY, $VERSION, $BASE (a link that works for 15 minutes) and $SUMS
# (lines of "sha256  name"). Everything is a function until the last line, so half a download does nothing; nothing
# that was downloaded runs before its SHA-256 is that of $SUMS.

function Install-OpencodeAuth {
    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue'  # its bar makes a download many times slower
    Set-StrictMode -Version 2.0
    Test-Parameters
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor 3072  # TLS 1.2
    $data = Get-DataFolder
    $chosen = Select-Artifact
    $null = New-Item -ItemType Directory -Force -Path (Join-Path $data 'versions')
    $scratch = Join-Path $data ('install.' + [IO.Path]::GetRandomFileName())
    $null = New-Item -ItemType Directory -Path $scratch
    try {
        $new = if ($chosen.Name.EndsWith('.whl')) { Install-Wheel $chosen $data $scratch }
        else { Get-Artifact $chosen (Join-Path $scratch 'opencode-auth.exe') }
        & $new install --gateway $GATEWAY
        if ($LASTEXITCODE -ne 0) { throw "opencode-auth install ended with $LASTEXITCODE; what it said is above" }
    }
    finally {
        Remove-Item -Recurse -Force -LiteralPath $scratch -ErrorAction SilentlyContinue
    }
}

function Write-Step([string] $text) { [Console]::Error.WriteLine("opencode-auth: $text") }

function Get-PageAddress { $BASE -replace '/i/[^/]*$', '/' }

function Test-Parameters {
    if ([Environment]::OSVersion.Platform -ne 'Win32NT') {
        throw "This is the line for Windows. Copy the one for macOS or Linux from $(Get-PageAddress)"
    }
    if ($VERSION -notmatch '^[0-9]+(\.[0-9]+)*$') {
        throw "The script is damaged: its version is not x.y.z. Copy the line from $(Get-PageAddress) again"
    }
    foreach ($address in @($BASE, $GATEWAY)) {
        if ($address -notmatch '^(https://|http://(localhost|[^/@]+\.localhost|127\.0\.0\.1):)[^\s"]+$') {
            throw "Refused: $address is not an https address"
        }
    }
    $me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
    if ($me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
        Write-Step 'running as administrator: that is not needed, and installs for this account alone'
    }
}

function Get-DataFolder {
    if ($env:OPENCODE_AUTH_HOME) { return Join-Path $env:OPENCODE_AUTH_HOME 'data' }
    $local = [Environment]::GetFolderPath('LocalApplicationData')
    if (-not $local) { throw 'This account has no folder for application data. Set OPENCODE_AUTH_HOME to a folder' }
    Join-Path $local 'opencode-auth'
}

# This platform's executable, else the wheel: an object with Name and Sha256. Windows on Arm runs x86-64, too.
function Select-Artifact {
    $machine = if ($env:PROCESSOR_ARCHITEW6432) { $env:PROCESSOR_ARCHITEW6432 } else { $env:PROCESSOR_ARCHITECTURE }
    $names = switch ($machine) {
        'AMD64' { , "opencode-auth-$VERSION-windows-x86_64.exe" }
        'ARM64' { "opencode-auth-$VERSION-windows-arm64.exe", "opencode-auth-$VERSION-windows-x86_64.exe" }
    }
    foreach ($name in @($names) + "opencode_auth-$VERSION-py3-none-any.whl") {
        foreach ($line in $SUMS -split "`n") {
            $sum, $of = $line.Trim() -split '\s+', 2
            if ($name -and $of -ceq $name) {
                if ($sum -notmatch '^[0-9a-fA-F]{64}$') { throw "The script is damaged: $name has no whole SHA-256" }
                return New-Object PSObject -Property @{ Name = $name; Sha256 = $sum.ToLowerInvariant() }
            }
        }
    }
    throw "Release $VERSION has nothing for Windows on $machine. Ask at $(Get-PageAddress)"
}

# The file's path, once its SHA-256 has been checked.
function Get-Artifact($chosen, [string] $file) {
    Write-Step "downloading $($chosen.Name)"
    $request = @{ Uri = "$BASE/$($chosen.Name)"; OutFile = $file; UseBasicParsing = $true; TimeoutSec = 60 }
    if ($env:HTTPS_PROXY) { $request.Proxy = $env:HTTPS_PROXY }  # Windows PowerShell reads the system's alone
    try { Invoke-WebRequest @request }
    catch {
        throw "Could not download $($chosen.Name): $($_.Exception.Message) " +
            "The line works for 15 minutes: copy a new one from $(Get-PageAddress)"
    }
    $actual = (Get-FileHash -Algorithm SHA256 -LiteralPath $file).Hash.ToLowerInvariant()
    if ($actual -cne $chosen.Sha256) {
        Remove-Item -Force -LiteralPath $file
        throw "$($chosen.Name) is not what was released, so nothing was run: " +
            "SHA-256 $actual, expected $($chosen.Sha256). " +
            "Copy a new line from $(Get-PageAddress); if it happens again, tell whoever runs the gateway"
    }
    Write-Step "checked: SHA-256 $actual"
    $file
}

# The command in a virtual environment in the place of this version; one that works is kept, since it may be running.
# What the wheel needs comes from the package index as wheels alone: none of it runs code while it is installed.
function Install-Wheel($chosen, [string] $data, [string] $scratch) {
    $venv = Join-Path $data "versions\$VERSION\venv"
    $new = Join-Path $venv 'Scripts\opencode-auth.exe'
    if (Test-Path -LiteralPath $new) {
        if (Test-Command $new @('--version')) { return $new }
    }
    $wheel = Get-Artifact $chosen (Join-Path $scratch $chosen.Name)
    if (Test-Path -LiteralPath $venv) { Remove-Item -Recurse -Force -LiteralPath $venv }
    $python = Join-Path $venv 'Scripts\python.exe'
    try {
        if (Get-Command uv -ErrorAction SilentlyContinue) {
            Invoke-Step uv @('venv', '--quiet', '--no-project', '--python', '>=3.11', $venv)
            Invoke-Step uv @('pip', 'install', '--quiet', '--only-binary', ':all:', '--python', $python, $wheel)
        }
        else {
            $found = Find-Python
            Invoke-Step $found.Command ($found.Arguments + @('-m', 'venv', $venv))
            $wheels = @('--disable-pip-version-check', '--only-binary', ':all:', $wheel)
            Invoke-Step $python (@('-m', 'pip', 'install', '--quiet') + $wheels)
        }
    }
    catch {
        Remove-Item -Recurse -Force -LiteralPath $venv -ErrorAction SilentlyContinue
        throw
    }
    $new
}

# A Python from 3.11 on that can make virtual environments: an object with Command and Arguments.
function Find-Python {
    $fit = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
    foreach ($candidate in @(@('py', '-3'), @('python3'), @('python'))) {
        $rest = @($candidate | Select-Object -Skip 1)
        $here = Get-Command $candidate[0] -ErrorAction SilentlyContinue
        if ($here -and (Test-Command $candidate[0] ($rest + @('-c', $fit)))) {
            return New-Object PSObject -Property @{ Command = $candidate[0]; Arguments = $rest }
        }
    }
    throw 'There is no executable for this system, and neither uv nor Python 3.11 to install the wheel. ' +
        'Install uv (https://docs.astral.sh/uv/) or Python 3.11, then run the line again'
}

# Whether the command ends with 0; what it says is not shown.
function Test-Command([string] $command, [string[]] $arguments) {
    $ErrorActionPreference = 'Continue'  # for 5.1, where a program's standard error is an error
    try { $null = & $command @arguments 2>&1 } catch { return $false }
    $LASTEXITCODE -eq 0
}

# What it prints goes to the console and is no part of a function's answer.
function Invoke-Step([string] $command, [string[]] $arguments) {
    & $command @arguments | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "$command ended with $LASTEXITCODE; what it said is above" }
}

Install-OpencodeAuth
