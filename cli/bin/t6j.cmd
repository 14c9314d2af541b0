@echo off
rem Runs t6j on Windows, as the script t6j beside it does elsewhere: finds a JDK, builds the project the first time and
rem hands over to java. It does not notice that a source has changed: run "mvn package" then. T6J_JAVA_HOME names the
rem JDK to use, T6J_JAVA_OPTS holds options for it. In a package, which has the folder lib beside bin, there is nothing to
rem build; in an image java is there, too.
setlocal EnableExtensions DisableDelayedExpansion
for %%I in ("%~dp0..") do set "ROOT=%%~fI"
set "APP=%ROOT%\lib"
set "JDK="
if exist "%ROOT%\lib\runtime\lib\modules" set "JDK=%ROOT%\lib\runtime"
if defined JDK goto run
if exist "%ROOT%\lib\t6j-cli.jar" goto choose
for %%I in ("%~dp0..\..") do set "ROOT=%%~fI"
set "APP=%ROOT%\cli\target\app"
set "LOG=%ROOT%\cli\target\build.log"

:choose
if not defined T6J_JAVA_HOME goto search
call :try "%T6J_JAVA_HOME%"
if defined JDK goto found
>&2 echo t6j: T6J_JAVA_HOME: expected the folder of a JDK 25 or newer, found none in "%T6J_JAVA_HOME%"
exit /b 1

:search
if defined JAVA_HOME call :try "%JAVA_HOME%"
for %%J in (java.exe) do for %%I in ("%%~dp$PATH:J..") do call :try "%%~fI"
for %%P in ("%ProgramFiles%" "%LocalAppData%\Programs") do for %%V in ("Eclipse Adoptium" Java Microsoft Zulu "Amazon Corretto" BellSoft) do for /d %%D in ("%%~P\%%~V\*") do call :try "%%~fD"
for /d %%D in ("%UserProfile%\.jdks\*") do call :try "%%~fD"
for /d %%D in ("%UserProfile%\scoop\apps\*") do call :try "%%~fD\current"
if defined JDK goto found
>&2 echo t6j: no JDK 25 or newer in T6J_JAVA_HOME, JAVA_HOME, PATH or the usual folders. Ways to get one:
>&2 echo   https://adoptium.net                               Eclipse Temurin
>&2 echo   winget install EclipseAdoptium.Temurin.25.JDK
>&2 echo If a JDK is in another folder, set T6J_JAVA_HOME to it.
exit /b 1

:found
set "MISSING="
for %%J in (t6j-cli t6j-chat t6j-training t6j-scheduler t6j-speculation t6j-grammar t6j-native t6j-engine t6j-gpt2 picocli jline-reader jline-terminal jline-terminal-ffm jline-native) do if not exist "%APP%\%%J.jar" set "MISSING=%%J"
if not defined MISSING goto run
where mvn >nul 2>&1
if errorlevel 1 goto nomaven
>&2 echo t6j: building the jars in cli\target\app (only the first time)...
if not exist "%ROOT%\cli\target" mkdir "%ROOT%\cli\target"
set "JAVA_HOME=%JDK%"
rem Maven and the compilers end before C2's code would repay its compilation.
set "USERS=%JAVA_TOOL_OPTIONS%"
set "JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC %JAVA_TOOL_OPTIONS%"
pushd "%ROOT%"
call mvn -q -B -Dmaven.test.skip -Dmaven.source.skip package -pl cli -am >"%LOG%" 2>&1 <nul
set "STATUS=%ERRORLEVEL%"
popd
set "JAVA_TOOL_OPTIONS=%USERS%"
if "%STATUS%"=="0" goto run
>&2 echo t6j: the build failed; from "%LOG%":
>&2 type "%LOG%"
exit /b 1

:nomaven
>&2 echo t6j: Maven is needed to build t6j once: install it (https://maven.apache.org, or scoop install maven)
exit /b 1

:run
set "COLLECTOR=-XX:+UseSerialGC"
if /i "%~1"=="serve" set "COLLECTOR=-XX:+UseG1GC -XX:G1HeapRegionSize=1m -XX:GCTimeRatio=4 -XX:G1PeriodicGCInterval=60000"
if not defined T6J_JAVA_OPTS set "T6J_JAVA_OPTS=%COLLECTOR% -Xms32m"
set "JARS=%APP%\t6j-cli.jar;%APP%\t6j-chat.jar;%APP%\t6j-training.jar;%APP%\t6j-scheduler.jar;%APP%\t6j-speculation.jar;%APP%\t6j-grammar.jar;%APP%\t6j-native.jar;%APP%\t6j-engine.jar;%APP%\t6j-gpt2.jar;%APP%\picocli.jar;%APP%\jline-reader.jar;%APP%\jline-terminal.jar;%APP%\jline-terminal-ffm.jar;%APP%\jline-native.jar"
if exist "%ROOT%\lib\runtime\lib\modules" set "JARS="
if defined JARS set JARS=--module-path "%JARS%"
"%JDK%\bin\java.exe" %T6J_JAVA_OPTS% "-Dt6j.home=%ROOT%" -Dsun.net.httpserver.nodelay=true -Dsun.net.httpserver.maxReqTime=60 -Dsun.net.httpserver.idleInterval=90 -Dsun.net.httpserver.maxIdleConnections=1000 -Djdk.httpserver.maxConnections=1000 -Djdk.http.auth.tunneling.disabledSchemes= --enable-native-access=io.github.t6j.engine,io.github.t6j.nativekernels,org.jline.terminal.ffm %JARS% --module io.github.t6j.cli/io.github.t6j.cli.Main %*
exit /b %ERRORLEVEL%

rem Sets JDK to the folder if none is set yet and this one is new enough.
:try
if defined JDK exit /b 0
if not exist "%~1\bin\javac.exe" exit /b 0
if not exist "%~1\release" exit /b 0
set "VERSION=0"
for /f "usebackq tokens=2 delims==" %%V in (`findstr /b "JAVA_VERSION=" "%~1\release"`) do set "VERSION=%%~V"
for /f "tokens=1 delims=.-+" %%V in ("%VERSION%") do set "VERSION=%%V"
if %VERSION% GEQ 25 set "JDK=%~1"
exit /b 0
