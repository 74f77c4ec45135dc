from onefile.cli.main import main

main()
