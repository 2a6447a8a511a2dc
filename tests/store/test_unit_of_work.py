from tests.contracts.unit_of_work import UnitOfWorkContract


class TestSqlUnitOfWork(UnitOfWorkContract):
    """On each kind of database, by the fixture `database`."""
